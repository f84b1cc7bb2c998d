/** Eleven digits, of which the last two are weighted sums of those before, modulo 11. */
export function isCpf(value: string): boolean {
  if (!/^(\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11})$/.test(value)) return false;
  const digits = digitsOf(value);
  if (new Set(digits).size === 1) return false;
  return [9, 10].every((length) => {
    const sum = digits
      .slice(0, length)
      .reduce((total, digit, index) => total + digit * (length + 1 - index), 0);
    return ((sum * 10) % 11) % 10 === digits[length];
  });
}

/** Area, group and serial number, as they have been given out; only with hyphens, as nine digits may be anything. */
export function isSocialSecurityNumber(value: string): boolean {
  return /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(value);
}

/** Two letters, six digits, a letter of A to D, in pairs or not; some letters are never used. */
export function isNino(value: string): boolean {
  return /^(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]$/.test(
    value,
  );
}

/** DNI and NIE: the letter is that of the number modulo 23; X, Y and Z in front stand for 0, 1 and 2. */
export function isDni(value: string): boolean {
  const [, first, rest, letter] = /^([XYZ\d])(\d{7})-?([A-Z])$/.exec(value) ?? [];
  if (letter === undefined) return false;
  const number = Number(`${'XYZ'.includes(first!) ? 'XYZ'.indexOf(first!) : first}${rest}`);
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === letter;
}

/** Six letters of the names, year, month as a letter, day (40 more for women), place. Digits may be letters where two people had the same. */
export function isCodiceFiscale(value: string): boolean {
  return /^[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][0-7LMNP-T][\dLMNP-V][A-Z][\dLMNP-V]{3}[A-Z]$/.test(value);
}

/** Sex, year, month, place, number: thirteen digits, and two more that are 97 less these modulo 97. Corsica has letters. */
export function isNir(value: string): boolean {
  const bare = value.replaceAll(' ', '');
  if (!/^[12]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2A|2B)\d{8}$/.test(bare)) return false;
  const number = BigInt(bare.slice(0, 13).replace('2A', '19').replace('2B', '18'));
  return 97n - (number % 97n) === BigInt(bare.slice(13));
}

/** Date of birth (months of other centuries have 20, 40, 60 or 80 added), number, and a weighted sum modulo 10. */
export function isPesel(value: string): boolean {
  if (!/^\d{2}[02468][1-9]|^\d{2}[13579][0-2]/.test(value) || !/^\d{11}$/.test(value)) return false;
  const day = Number(value.slice(4, 6));
  const digits = digitsOf(value);
  const weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
  return (
    day >= 1 && day <= 31 && digits.reduce((sum, digit, index) => sum + digit * weights[index]!, 0) % 10 === 0
  );
}

/** Place, date of birth, number, and the check character of ISO 7064 MOD 11-2. */
export function isResidentIdentityNumber(value: string): boolean {
  if (!/^[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]$/.test(value)) return false;
  const sum = [...value].reduce(
    (total, character, index) => total + (character === 'X' ? 10 : Number(character)) * 2 ** (17 - index),
    0,
  );
  return sum % 11 === 1;
}

/** Twelve digits, the first at least 2, in fours, as cards have them: without spaces they may be anything. */
export function isAadhaar(value: string): boolean {
  return /^[2-9]\d{3} \d{4} \d{4}$/.test(value);
}

function digitsOf(value: string): number[] {
  return [...value.replaceAll(/\D/g, '')].map(Number);
}
