import { InputError, type Place } from '@rastro/fault';

/** Does the work, and puts the place on faults that have none: where in `rastro.yaml` the work was asked for. */
export async function atPlace<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError) || error.faults.every((each) => each.place)) throw error;
    const [first, ...rest] = error.faults.map((each) => (each.place ? each : { ...each, place }));
    throw new InputError([first!, ...rest], { cause: error });
  }
}
