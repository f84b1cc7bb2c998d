/** Runs a use case as an action: inputs, outputs, annotations, failure, wiring. */

export { actionContext, gitHubApi, terminalContext } from './environment.ts';
export { type ActionInputs, actionInputs, TOKEN_DEFAULT } from './inputs.ts';
export { runAction } from './run-action.ts';
export { saveReports } from './saved-reports.ts';
export { seenExplanation } from './seen-paths.ts';
export { trailCrypto } from './trail-crypto.ts';
export { VERSION } from './version.ts';
export { type WiredPorts, type Wiring, wirePorts } from './wiring.ts';
