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
  ['phone numbers', ['06 12 34 56 78', '020 7946 0958', '030/1234567', '(040) 123-4567', '0171-2345678']],
  ['email addresses', ['Ann <a@b.co>', 'mailto:c@d.org', 'e@f.com', '<g@h.net>', 'Bo Li <i@j.io>']],
  [
    'British national insurance numbers',
    ['QQ123456C', 'AB 12 34 56 A', 'CE123456D', 'JG103759A', 'AA 12 34 56 B'],
  ],
  ['Spanish identity numbers (DNI, NIE)', ['12345678Z', '00000000T', 'X1234567L', '87654321X', '11111111H']],
  [
    'Italian tax codes',
    ['RSSMRA85T10A562S', 'VRDLGU80A01H501X', 'BNCLRA75D55F205K', 'MRTMTT91D08F205J', 'DLLDNL60C41L219P'],
  ],
  [
    'French social security numbers (NIR)',
    [
      '255081416802538',
      '1 84 12 76 451 089 46',
      '269054958815780',
      '1 51 02 46 102 043 25',
      '2 55 08 14 168 025 38',
    ],
  ],
  [
    'Polish identity numbers (PESEL)',
    ['44051401359', '02070803628', '02270812350', '44051401458', '90090515836'],
  ],
  [
    'Chinese resident identity numbers',
    [
      '11010519491231002X',
      '440524188001010014',
      '110101199003074514',
      '34052419800101001X',
      '11010119900307889X',
    ],
  ],
  [
    'Indian identity numbers (Aadhaar)',
    ['2341 2341 2346', '4991 1866 5246', '9999 4105 7058', '3675 9834 6015', '5485 5000 8800'],
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
  ['barcodes', ['4006381333931', '4012345678901', '4003994155486', '4260012345674', '4305615418759']],
  ['dates with slashes', ['01/02/2024', '02/03/2024', '03/04/2024', '04/05/2024', '05/06/2024']],
  ['times and versions', ['09:15', '1.2.3', '10.20.30.40', '0.9.1-rc2', '2024.01']],
  ['coordinates', ['52.5200 13.4050', '-33.8688', '151.2093', '0.1278', '51.5074']],
  ['part numbers', ['AB-123-456', '12-345-67', 'X100 200', '99-1-2', '10 20 30']],
  [
    'digits of a phone in another column',
    ['5551234567', '5559876543', '5550001111', '5552223333', '5554445555'],
  ],
  ['too few values', ['a@b.co', 'c@d.co', 'e@f.co', 'a@b.co']],
])('%s are not', (_, values) => {
  expect(personalDataIn(values)).toBeUndefined();
});

test('digits alone are told by the name of their column', () => {
  const digits = ['5551234567', '5559876543', '5550001111', '5552223333', '5554445555'];
  const nine = ['123456789', '234567890', '345678901', '456789012', '567890123'];
  for (const name of ['phone', 'mobile_number', 'contact phone', 'home-tel', 'telephone'])
    expect(personalDataIn(digits, name)).toBe('phone numbers');
  expect(personalDataIn(nine, 'ssn')).toBe('US social security numbers');
  for (const name of ['id', 'hotel', 'telemetry', 'smartphone_model', 'cellar'])
    expect(personalDataIn(nine, name)).toBeUndefined();
});
