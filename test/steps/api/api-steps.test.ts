import { describe, expect, it } from '@jest/globals';
import { NODE_COMMANDS, STEP_COMMANDS } from '../../../src/api/commands.ts';
import { API_STEPS } from '../../../src/steps/api/api-steps.ts';

describe('every step', () => {
  it.each(STEP_COMMANDS)('%s has something to do', (command) => {
    expect(NODE_COMMANDS.includes(command as never) || API_STEPS.get(command)?.after !== undefined).toBe(
      true,
    );
  });
});
