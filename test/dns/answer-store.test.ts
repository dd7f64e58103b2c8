import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RecordType } from '../../schemas/dns.ts';
import { answerStore, type CachedAnswer } from '../../src/dns/answer-store.ts';
import type { Answer } from '../../src/dns/lookup.ts';

const NAMES = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test'];
const TYPES: readonly RecordType[] = ['A', 'TXT', 'MX'];
const KINDS = ['records', 'nxdomain', 'failure'] as const;
/** Room for everything that the names and types can hold. */
const WIDE = { maxBytes: 1_000_000, maxNegativeBytes: 1_000_000, maxAnswerBytes: 10_000 };

const answerOf = (kind: (typeof KINDS)[number], letters: number): Answer =>
  kind === 'records'
    ? { kind, records: [['x'.repeat(letters)]], ttlSeconds: 60, authenticated: false, source: 'network' }
    : kind === 'nxdomain'
      ? { kind, ttlSeconds: 60, authenticated: false, source: 'network' }
      : { kind, failure: 'servfail', source: 'network' };

const entryOf = (type: RecordType, answer: Answer): CachedAnswer => ({
  type,
  answer,
  expiresAtMs: 1,
  ttlSeconds: 60,
  failuresInRow: 0,
  hits: 0,
  staleUntilMs: 0,
  next: undefined,
});

const put = fc.record({
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom(...TYPES),
  kind: fc.constantFrom(...KINDS),
  letters: fc.integer({ min: 1, max: 2000 }),
});
const removal = fc.record({ name: fc.constantFrom(...NAMES), type: fc.constant(null) });
const steps = fc.array(fc.oneof({ weight: 5, arbitrary: put }, { weight: 1, arbitrary: removal }), { maxLength: 60 });

/** What a store holds, by asking it for everything. */
const contents = ({ records, negative }: ReturnType<typeof answerStore>) => {
  const questions = NAMES.flatMap((name) => TYPES.map((type) => ({ name, type })));
  const of = (find: typeof records) =>
    new Map(
      questions.flatMap((question) => {
        const held = find(question);
        return held === undefined ? [] : [[`${question.type} ${question.name}`, held.answer] as const];
      }),
    );
  return { records: of(records), negatives: of(negative) };
};

test('answerStore holds for each name and type what a map by both would, and counts it', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const store = answerStore(WIDE);
      const records = new Map<string, Answer>();
      const negatives = new Map<string, Answer>();
      for (const step of taken) {
        if (step.type === null) {
          const gone = TYPES.filter((type) => {
            const key = `${type} ${step.name}`;
            const [hadRecords, hadNegative] = [records.delete(key), negatives.delete(key)];
            return hadRecords || hadNegative;
          });
          assert.equal(store.remove(step.name), gone.length);
          continue;
        }
        const key = `${step.type} ${step.name}`;
        const answer = answerOf(step.kind, step.letters);
        if (answer.kind === 'records') negatives.delete(key);
        else if (answer.kind !== 'failure') records.delete(key);
        (answer.kind === 'records' ? records : negatives).set(key, answer);
        store.put(step.name, entryOf(step.type, answer));
      }
      assert.deepEqual(contents(store), { records, negatives });
      assert.equal(store.stats().records.entries, records.size);
      assert.equal(store.stats().negatives.entries, negatives.size);
      assert.equal(store.clear(), records.size + negatives.size);
      assert.deepEqual(contents(store), { records: new Map(), negatives: new Map() });
      assert.equal(store.stats().records.bytes + store.stats().negatives.bytes, 0);
    }),
    { seed: 20261122 },
  );
});

test('answerStore keeps to its bounds whatever is put into it, and counts what is left', () => {
  const limits = { maxBytes: 4000, maxNegativeBytes: 1500, maxAnswerBytes: 2200 };
  fc.assert(
    fc.property(steps, (taken) => {
      const store = answerStore(limits);
      for (const step of taken) {
        if (step.type === null) store.remove(step.name);
        else store.put(step.name, entryOf(step.type, answerOf(step.kind, step.letters)));
        const { records, negatives } = store.stats();
        assert.ok(records.bytes <= limits.maxBytes && negatives.bytes <= limits.maxNegativeBytes);
        const held = contents(store);
        assert.deepEqual([records.entries, negatives.entries], [held.records.size, held.negatives.size]);
        for (const answer of held.records.values())
          assert.ok(answer.kind === 'records' && String(answer.records).length < limits.maxAnswerBytes);
      }
    }),
    { seed: 20261122 },
  );
});

test('answerStore gives up the names asked for longest ago', () => {
  // Room for two names with one answer each.
  const store = answerStore({ ...WIDE, maxBytes: 1300 });
  for (const name of ['a.test', 'b.test']) store.put(name, entryOf('A', answerOf('records', 1)));
  store.records({ name: 'a.test', type: 'A' });
  store.put('c.test', entryOf('A', answerOf('records', 1)));
  assert.deepEqual([...contents(store).records.keys()], ['A a.test', 'A c.test']);
});
