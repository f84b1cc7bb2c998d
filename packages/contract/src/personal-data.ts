import {
  isAadhaar,
  isCodiceFiscale,
  isCpf,
  isDni,
  isNino,
  isNir,
  isPesel,
  isResidentIdentityNumber,
  isSocialSecurityNumber,
} from './national-ids.ts';

/** Kinds of personal data that can be told from values alone. */
export type PersonalData =
  | 'email addresses'
  | 'phone numbers'
  | 'payment card numbers'
  | 'bank account numbers (IBAN)'
  | 'Brazilian taxpayer numbers (CPF)'
  | 'British national insurance numbers'
  | 'Chinese resident identity numbers'
  | 'French social security numbers (NIR)'
  | 'Indian identity numbers (Aadhaar)'
  | 'Italian tax codes'
  | 'Polish identity numbers (PESEL)'
  | 'Spanish identity numbers (DNI, NIE)'
  | 'US social security numbers';

/** Fewer values than this say nothing. */
const FEWEST = 5;
/** This share of the values must look like it. */
const SHARE = 0.6;

const TESTS: readonly (readonly [PersonalData, (value: string) => boolean])[] = [
  ['email addresses', isEmailAddress],
  ['US social security numbers', isSocialSecurityNumber],
  ['Brazilian taxpayer numbers (CPF)', isCpf],
  ['Polish identity numbers (PESEL)', isPesel],
  ['British national insurance numbers', isNino],
  ['Spanish identity numbers (DNI, NIE)', isDni],
  ['Italian tax codes', isCodiceFiscale],
  ['French social security numbers (NIR)', isNir],
  ['Chinese resident identity numbers', isResidentIdentityNumber],
  ['Indian identity numbers (Aadhaar)', isAadhaar],
  ['payment card numbers', isCardNumber],
  ['bank account numbers (IBAN)', isIban],
  ['phone numbers', isPhoneNumber],
];

/** What digits alone do not tell, the name of the column does. */
const NAMED: readonly (readonly [PersonalData, name: RegExp, value: RegExp])[] = [
  [
    'phone numbers',
    /(^|[_\W])(tele)?(phone|mobile|cell|fax|tel)($|[_\W])|phone(_?n(o|um(ber)?))?$/i,
    /^(?=(\D*\d){7,15}\D*$)\+?[\d\s()./-]+$/,
  ],
  ['US social security numbers', /(^|[_\W])(ssn|social_?security)/i, /^\d{9}$/],
];

/** What personal data a column seems to hold, from a sample of its values and its name. */
export function personalDataIn(values: readonly (string | null)[], name = ''): PersonalData | undefined {
  const present = values.flatMap((value) => (value === null || value.trim() === '' ? [] : [value.trim()]));
  if (new Set(present).size < FEWEST) return undefined;
  const isMost = (test: (value: string) => boolean) => areMost(present, test);
  const told = TESTS.find(([, test]) => isMost(test))?.[0];
  return (
    told ??
    NAMED.find(([, pattern, shape]) => pattern.test(name) && isMost((value) => shape.test(value)))?.[0]
  );
}

/** Whether the share of the values that pass is large enough. It ends when those that fail are too many. */
function areMost(values: readonly string[], test: (value: string) => boolean): boolean {
  let failed = 0;
  for (const value of values) {
    if (test(value)) continue;
    failed++;
    if (values.length - failed < values.length * SHARE) return false;
  }
  return true;
}

/** Bare, in a link, or behind the name of who has it. */
function isEmailAddress(value: string): boolean {
  return /^([^<>]*<|mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[A-Za-z]{2,}>?$/.test(value);
}

const LONGEST_PHONE_NUMBER = 24;

/** Written as numbers for people are: with a country code, or with separators between groups of digits. */
function isPhoneNumber(value: string): boolean {
  if (value.length > LONGEST_PHONE_NUMBER) return false;
  const digits = value.replaceAll(/\D/g, '').length;
  if (digits < 8 || digits > 15) return false;
  if (/^\+\d[\d\s().-]+$/.test(value)) return true;
  if (/^\(\d{2,4}\)\s?\d{3,5}[\s.-]?\d{4}$/.test(value) || /^\d{3}[\s.-]\d{3}[\s.-]\d{4}$/.test(value))
    return true;
  // With the zero that calls within a country begin with: 06 12 34 56 78, 020 7946 0958, 030/123456.
  return digits >= 9 && /^\(?0\d{1,4}\)?[\s./-]+\d{2,}([\s.-]\d{2,})*$/.test(value);
}

/** First digits and lengths of American Express, Diners Club, JCB, Visa, Mastercard, Maestro, Discover and UnionPay. */
const CARDS =
  /^(3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}|35(2[89]|[3-8]\d)\d{12,15}|4\d{12}(\d{3}){0,2}|(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|(50|5[6-8])\d{10,17}|6\d{15,18})$/;

/** ISO/IEC 7812: a number of a known issuer, with a Luhn check digit. */
function isCardNumber(value: string): boolean {
  const digits = value.replaceAll(/[\s-]/g, '');
  return CARDS.test(digits) && luhn(digits);
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
