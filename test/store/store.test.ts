// Every store passes the contract.
import { join } from 'node:path'
import { LevelStore } from '../../src/store/level-store.ts'
import { MemoryStore } from '../../src/store/memory-store.ts'
import { SealedStore } from '../../src/store/sealed-store.ts'
import { storeContract } from './contract.ts'
import { FaultyStore } from './faulty-store.ts'
import { temporaryFolder } from './folders.ts'

const level = () => LevelStore.open(join(temporaryFolder(), 'store'))
const memory = () => Promise.resolve(new MemoryStore('11'.repeat(16)))

const sealed = async () => SealedStore.open(await level(), [new Uint8Array(32).fill(7)])

storeContract('LevelStore', level)
storeContract('MemoryStore', memory)
storeContract('FaultyStore over LevelStore', () => FaultyStore.open(level))
storeContract('FaultyStore over MemoryStore', () => FaultyStore.open(memory))
// No facet of the contract has a genesis, so each counts as private (STO-31).
storeContract('SealedStore over LevelStore', sealed)
