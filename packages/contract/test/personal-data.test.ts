import { expect, test } from 'vitest';
import { personalDataIn } from '../src/index.ts';

test.each([
  ['email addresses', ['a@b.co', 'c.d@e.org', 'f+g@h.com', 'i@j.net', 'k@l.io']],
  [
    'payment card numbers',
    ['4111111111111111', '5500 0000 0000 0004', '340000000000009', '6011-0000-0000-0004', '4012888888881881'],
  ],
  [
    'phone numbers',
    ['+49 30 123456', '+1 555 0100 200', '(11) 91234-5678', '555-123-4567', '+351 912 345 678'],
  ],
  [
    'Brazilian taxpayer numbers (CPF)',
    ['529.982.247-25', '11144477735', '123.456.789-09', '98765432100', '168.995.350-09'],
  ],
  [
    'bank account numbers (IBAN)',
    [
      'DE89370400440532013000',
      'GB29 NWBK 6016 1331 9268 19',
      'FR1420041010050500013M02606',
      'NL91ABNA0417164300',
      'BE68539007547034',
    ],
  ],
  ['US social security numbers', ['123-45-6789', '234-56-7890', '345-67-8901', '456-78-9012', '567-89-0123']],
])('%s are told', (kind, values) => {
  expect(personalDataIn(values)).toBe(kind);
  expect(personalDataIn([...values, null, '', 'something else'])).toBe(kind);
});

test.each([
  ['prices', ['12.50', '7.99', '100.00', '3.10', '55.20']],
  ['dates', ['2024-01-05', '2023-11-30', '1999-12-31', '2000-01-01', '2010-10-10']],
  [
    'plain numbers',
    ['4111111111111112', '5500000000000005', '1234567890123456', '9999999999999999', '4000000000000000'],
  ],
  ['eleven digits', ['12345678901', '23456789012', '34567890123', '45678901234', '56789012345']],
  ['names', ['Ana', 'Bo', 'Cy', 'Di', 'Ed']],
  ['too few values', ['a@b.co', 'c@d.co', 'e@f.co', 'a@b.co']],
])('%s are not', (_, values) => {
  expect(personalDataIn(values)).toBeUndefined();
});
