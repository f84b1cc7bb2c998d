/** What went wrong: error classes, codes, exit codes, next steps. */
export {
  type Fault,
  fault,
  InputError,
  isRastroError,
  OutsideError,
  RastroError,
  type Severity,
} from './errors.ts';
export { ExitCode, exitCodeOf } from './exit-code.ts';
export { type Explanation, explain } from './explain.ts';
export { type Place, place, showPlace } from './place.ts';
