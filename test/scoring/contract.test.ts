// Every backend behind the contract.
import { describe, it } from 'vitest'
import { createDemoScorer } from '../../src/scoring/demo-scorer.ts'
import { createHumanScorer } from '../../src/scoring/human-scorer.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { soundBrain } from '../ollama/brains.ts'
import { OllamaDouble } from '../ollama/double.ts'
import { CONTRACT, type OpenScorer } from './contract.ts'

const nothing = async () => {}

function scorerContract(name: string, open: () => Promise<OpenScorer & { close(): Promise<void> }>): void {
  describe(name, () => {
    for (const { says, holds } of CONTRACT) {
      it(says, async () => {
        const one = await open()
        try {
          await holds(one)
        } finally {
          await one.close()
        }
      })
    }
  })
}

scorerContract('the form', async () => ({
  scorer: createHumanScorer({
    '0/localVision': { score: 4, note: 'Fits.' },
    '1/localVision': { score: 2, note: '' }
  }),
  failing: createHumanScorer({ '7/localVision': { score: 4, note: '' } }),
  close: nothing
}))

scorerContract('the demo', async () => ({ scorer: createDemoScorer(), close: nothing }))

for (const path of ['rendered', 'native'] as const) {
  scorerContract(`Ollama, ${path}`, async () => {
    const double = await OllamaDouble.open({ brain: soundBrain, models: [{ path }] })
    return {
      scorer: createOllamaScorer({ host: double.host, model: 'gemma4:12b' }),
      failing: createOllamaScorer({ host: double.host, model: 'no-such-model' }),
      close: () => double.close()
    }
  })
}
