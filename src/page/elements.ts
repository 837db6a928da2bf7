// Elements of the page. Text enters it here alone, as text: no element is ever made of a string that came with a file.
import { visible } from '../wire/foreign-text.ts'

export type Child = Node | string | undefined | false

/** An HTML element; strings become text, in which no character turns the reading direction around. */
export function html(tag: string, attributes: Record<string, string>, ...children: Child[]): HTMLElement {
  return fill(document.createElement(tag), attributes, children)
}

export function svg(tag: string, attributes: Record<string, string>, ...children: Child[]): SVGElement {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function fill<E extends Element>(element: E, attributes: Record<string, string>, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, visible(value))
  for (const child of children)
    if (child !== undefined && child !== false)
      element.append(typeof child === 'string' ? visible(child) : child)
  return element
}

/** What others wrote, on its own: it reads in its own direction and turns nothing beside it. */
export function foreign(text: string, tag = 'bdi', kind = 'foreign'): HTMLElement {
  return html(tag, { class: kind, dir: 'auto' }, text)
}

export function list(items: Child[], kind = ''): HTMLElement {
  return html('ul', kind ? { class: kind } : {}, ...items.map(item => html('li', {}, item)))
}

/** Name and value pairs; those without a value are left out. */
export function facts(pairs: [name: string, value: Child | Child[]][]): HTMLElement {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== false)
  return html(
    'dl',
    {},
    ...shown.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, ...[value].flat())])
  )
}

/** A part of what is shown, with its heading. */
export function part(title: string, ...children: Child[]): HTMLElement {
  return html('section', {}, html('h2', {}, title), ...children)
}
