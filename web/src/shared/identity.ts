/** Whether a number can be one of its kind, so that a slip is seen while the person is still there. The server decides. */

/** GB 11643-1999: 17 digits with their weights, and a check of its own. */
export function isResidentId(text: string): boolean {
  const number = text.trim().toUpperCase();
  if (!/^\d{17}[\dX]$/.test(number)) return false;
  const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((all, weight, n) => all + weight * Number(number[n]), 0);
  return '10X98765432'[sum % 11] === number[17];
}

const SIGNS = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/** GB 32100-2015: 17 signs without I, O, S, V and Z, weighted by powers of 3, and a check of its own. */
export function isCreditCode(text: string): boolean {
  const code = text.trim().toUpperCase();
  if (code.length !== 18) return false;
  let [sum, weight] = [0, 1];
  for (const sign of code.slice(0, 17)) {
    const value = SIGNS.indexOf(sign);
    if (value < 0) return false;
    sum += value * weight;
    weight = (weight * 3) % 31;
  }
  return SIGNS[(31 - (sum % 31)) % 31] === code[17];
}

/** Whether `number` can be one of `kind`; documents without a check of their own have 6 to 20 letters and digits. */
export function isNumberOf(kind: string, number: string): boolean {
  switch (kind) {
    case 'resident_id':
      return isResidentId(number);
    case 'credit_code':
      return isCreditCode(number);
    default:
      return /^[A-Za-z0-9]{6,20}$/.test(number.trim());
  }
}

export interface Named {
  applicant: 'person' | 'enterprise';
  id_kind: string;
  id_number: string;
  /** Of the enterprise that asks, or that the person speaks for. */
  credit_code: string;
}

interface Identity {
  id_kind: string;
  id_number: string;
}

/** Who asks, as the server takes it: a firm that nobody names a person for stands for itself. Null where nothing is stated. */
export function realNameOf(named: Named): { identity: Identity; legal_person?: Identity } | null {
  const person = named.id_number.trim() === '' ? null : { id_kind: named.id_kind, id_number: named.id_number.trim().toUpperCase() };
  const code = named.applicant === 'enterprise' ? named.credit_code.trim().toUpperCase() : '';
  const firm = code === '' ? null : { id_kind: 'credit_code', id_number: code };
  if (person !== null) return firm === null ? { identity: person } : { identity: person, legal_person: firm };
  return firm === null ? null : { identity: firm };
}

/** The fields whose numbers cannot be right, in the form's order. */
export function badNumbers(named: Named): ('id_number' | 'credit_code')[] {
  const bad: ('id_number' | 'credit_code')[] = [];
  if (named.id_number.trim() !== '' && !isNumberOf(named.id_kind, named.id_number)) bad.push('id_number');
  if (named.applicant === 'enterprise' && named.credit_code.trim() !== '' && !isCreditCode(named.credit_code)) bad.push('credit_code');
  return bad;
}
