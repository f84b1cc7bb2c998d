import type { runAction as run } from './action.ts';

/** What action.ts runs, loaded when an action asks for it: so a bundle has it once, and not in the part of each action. */
export const runAction: typeof run = async (inputs, useCase, present) => {
  const action = await import('./action.ts');
  await action.runAction(inputs, useCase, present);
};
