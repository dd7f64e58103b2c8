/**
 * What is odd in the From fields of a message: where they leave the grammar of addresses, and forms
 * that mail readers take differently. Pure; none of them changes a result. One finding for each
 * word, so their number is bounded.
 */
import type { Finding } from '../../../schemas/finding.ts';
import {
  ADDRESS_FAULTS,
  ADDRESS_REMARKS,
  type AddressFault,
  type AddressRemark,
} from '../../message/address/grammar.ts';
import type { Author, FieldSpot } from '../author.ts';
import { finding } from './finding.ts';

/** The findings: "from-" and the word of the fault or remark is the code. */
export const fromFindings = ({ fields }: Author): Finding[] => {
  const faults = firstOfEach(fields.map((field) => field.faults));
  const remarks = firstOfEach(fields.map((field) => field.remarks));
  return [
    ...faults.map((spot) => toFinding(ADDRESS_FAULTS[spot.word].about, spot, fields.length)),
    ...remarks.map((spot) => toFinding(ADDRESS_REMARKS[spot.word].about, spot, fields.length)),
  ];
};

type Place<Word extends string> = FieldSpot<Word> & { readonly index: number };

const firstOfEach = <Word extends string>(spots: readonly (readonly FieldSpot<Word>[])[]): Place<Word>[] => {
  const firsts = new Map<Word, Place<Word>>();
  for (const [index, ofField] of spots.entries())
    for (const spot of ofField) if (!firsts.has(spot.word)) firsts.set(spot.word, { ...spot, index });
  return [...firsts.values()];
};

const toFinding = (
  about: string,
  { word, octet, index }: Place<AddressFault | AddressRemark>,
  fields: number,
): Finding => {
  const field = fields === 1 ? 'From' : `From field ${index + 1}`;
  return finding(`from-${word}`, `${field}, octet ${octet}: ${about}`, 'message.from');
};
