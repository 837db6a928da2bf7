// Every backend behind the contract.
import { createDemoScorer } from '../../src/scoring/demo-scorer.ts'
import { createHumanScorer } from '../../src/scoring/human-scorer.ts'
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'
import { soundBrain } from '../ollama/brains.ts'
import { OllamaDouble } from '../ollama/double.ts'
import { scorerContract } from './contract.ts'

const nothing = async () => {}

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
