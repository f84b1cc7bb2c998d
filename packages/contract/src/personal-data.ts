/** Kinds of personal data that can be told from values alone. */
export type PersonalData =
  | 'email addresses'
  | 'phone numbers'
  | 'payment card numbers'
  | 'bank account numbers (IBAN)'
  | 'Brazilian taxpayer numbers (CPF)'
  | 'US social security numbers';

/** Fewer values than this say nothing. */
const FEWEST = 5;
/** This share of the values must look like it. */
const SHARE = 0.6;

const TESTS: readonly (readonly [PersonalData, (value: string) => boolean])[] = [
  ['email addresses', (value) => /^[^\s@,;]+@[^\s@,;]+\.[A-Za-z]{2,}$/.test(value)],
  ['US social security numbers', (value) => /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(value)],
  ['Brazilian taxpayer numbers (CPF)', isCpf],
  ['payment card numbers', isCardNumber],
  ['bank account numbers (IBAN)', isIban],
  ['phone numbers', isPhoneNumber],
];

/** What personal data a column seems to hold, from a sample of its values. */
export function personalDataIn(values: readonly (string | null)[]): PersonalData | undefined {
  const present = values.flatMap((value) => (value === null || value.trim() === '' ? [] : [value.trim()]));
  if (new Set(present).size < FEWEST) return undefined;
  return TESTS.find(([, test]) => present.filter(test).length >= present.length * SHARE)?.[0];
}

const LONGEST_PHONE_NUMBER = 24;

/** Written as numbers for people are: with a country code, or with separators between groups of digits. */
function isPhoneNumber(value: string): boolean {
  if (value.length > LONGEST_PHONE_NUMBER) return false;
  const digits = value.replaceAll(/\D/g, '').length;
  if (digits < 8 || digits > 15) return false;
  if (/^\+\d[\d\s().-]+$/.test(value)) return true;
  return /^\(\d{2,4}\)\s?\d{3,5}[\s.-]?\d{4}$/.test(value) || /^\d{3}[\s.-]\d{3}[\s.-]\d{4}$/.test(value);
}

/** ISO/IEC 7812: 13 to 19 digits, of a known industry, with a Luhn check digit. */
function isCardNumber(value: string): boolean {
  const digits = value.replaceAll(/[\s-]/g, '');
  return /^[3-6]\d{12,18}$/.test(digits) && luhn(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616: country, check digits, account; the whole is 1 modulo 97. */
function isIban(value: string): boolean {
  const account = value.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(account)) return false;
  const rotated = account.slice(4) + account.slice(0, 4);
  let rest = 0;
  for (const character of rotated) {
    const number = Number.parseInt(character, 36);
    rest = (rest * (number > 9 ? 100 : 10) + number) % 97;
  }
  return rest === 1;
}

/** Eleven digits, of which the last two are weighted sums of those before, modulo 11. */
function isCpf(value: string): boolean {
  if (!/^(\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11})$/.test(value)) return false;
  const digits = [...value.replaceAll(/\D/g, '')].map(Number);
  if (new Set(digits).size === 1) return false;
  return [9, 10].every((length) => {
    const sum = digits
      .slice(0, length)
      .reduce((total, digit, index) => total + digit * (length + 1 - index), 0);
    return ((sum * 10) % 11) % 10 === digits[length];
  });
}
