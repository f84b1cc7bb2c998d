const LONGEST_SHAPE = 40;
const LONGEST_LOOSE_SHAPE = 20;

/**
 * A pattern for what is written to a rule: `AA-999` gives `[A-Z]{2}-[0-9]{3}`. Words have shapes by chance, so there has to be a
 * digit in it, or nothing but a few capital letters. Where only lengths differ, `P1` and `P12` give `[A-Z]+[0-9]+`.
 */
export function patternOf({
  shape,
  looseShape,
}: {
  readonly shape?: string;
  readonly looseShape?: string;
}): string | undefined {
  if (shape !== undefined) {
    const isRule = shape.includes('9') ? shape.length <= LONGEST_SHAPE : /^A{2,5}$/.test(shape);
    return isRule ? inClasses(shape, repeated) : undefined;
  }
  if (looseShape === undefined || looseShape.length > LONGEST_LOOSE_SHAPE) return undefined;
  const isRule = looseShape.includes('9') && looseShape.length > 1 && !/\s/.test(looseShape);
  return isRule ? inClasses(looseShape, () => '+') : undefined;
}

const CLASSES: Readonly<Record<string, string>> = { A: '[A-Z]', a: '[a-z]', '9': '[0-9]' };

function repeated(length: number): string {
  return length === 1 ? '' : `{${length}}`;
}

function inClasses(shape: string, times: (length: number) => string): string {
  return shape.replaceAll(/(.)\1*/gsu, (run, character: string) => {
    const { length } = [...run];
    const known = CLASSES[character];
    if (known !== undefined) return `${known}${times(length)}`;
    return `${character.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}${repeated(length)}`;
  });
}
