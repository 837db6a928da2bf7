// One place each where something is written as it is: the search must find it.
export interface Mutant {
  name: string
  /** Below src. */
  file: string
  /** Stands there once. */
  find: string
  put: string
}

const STORE = 'store/sealed-store.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'envelopes go through as they are',
    file: STORE,
    find: 'return this.#shared.has(record.facet)\n',
    put: 'return record.seq >= 0\n'
  },
  {
    name: 'the content of an envelope is not sealed',
    file: STORE,
    find: 'const header = this.#vault.seal(place, encodeEnvelope(record))',
    put: 'const header = encodeEnvelope(record)'
  },
  {
    name: 'an id prefix keeps its name',
    file: STORE,
    find: 'this.#vault.name(NAMED.idPrefix, record.idPrefix).subarray(0, ID_PREFIX_BYTES)',
    put: 'record.idPrefix'
  },
  {
    name: 'a facet keeps its name',
    file: STORE,
    find: 'name = toHex(this.#vault.name(NAMED.facet, facet))',
    put: 'name = facet'
  },
  {
    name: 'records of tables are not sealed',
    file: STORE,
    find: 'bytes: this.#vault.seal(tableKey(table, key), encodeRow(operation))',
    put: 'bytes: encodeRow(operation)'
  },
  ...['facet', 'checkpoint', 'document', 'invite'].map(table => ({
    name: `the table ${table} is in the clear`,
    file: STORE,
    find: 'const CLEAR_TABLES: ReadonlySet<string> = new Set([\n',
    put: `const CLEAR_TABLES: ReadonlySet<string> = new Set([\n  '${table}',\n`
  })),
  {
    name: 'a key of a table keeps its name',
    file: STORE,
    find: 'return toHex(this.#vault.name(NAMED.key, key)).slice(0, NAME_CHARS)',
    put: 'return key'
  },
  {
    name: 'private is shared',
    file: STORE,
    find: "!isReject(genesis) && genesis.class !== 'private'",
    put: '!isReject(genesis)'
  },
  {
    name: 'the data key lies in the home as it is, too',
    file: 'node/home/keys.ts',
    find: 'await createFile(path, await sealDataKeys([key],',
    put: "await createFile(path.replace('.age', '.raw'), key)\n  await createFile(path, await sealDataKeys([key],"
  }
]
