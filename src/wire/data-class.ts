// The three data classes. What is missing, unknown or ill-typed is private.

export type DataClass = 'public' | 'shared-confidential' | 'private'

/** The least wide first. */
export const DATA_CLASSES: readonly DataClass[] = ['private', 'shared-confidential', 'public']

export function dataClass(value: unknown): DataClass {
  return value === 'public' || value === 'shared-confidential' ? value : 'private'
}
