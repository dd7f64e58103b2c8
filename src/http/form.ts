/**
 * A message as a file of a form (multipart/form-data, RFC 7578), as `curl -F file=@message.eml`
 * sends it. The one file is the message, octet by octet; the other fields are its transport facts,
 * named as in the query.
 */
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { RequestProblem } from './problem.ts';

/** Fields beside the file; the query knows fewer. */
const MAX_FIELDS = 50;
const MAX_FIELD_BYTES = 8192;
const MAX_NAME_BYTES = 100;

/** A form that was read. */
export class Form {
  readonly message: Buffer;
  /** Values by name; a name that came several times has a list. */
  readonly fields: Readonly<Record<string, string | string[]>>;

  constructor(message: Buffer, fields: Form['fields']) {
    this.message = message;
    this.fields = fields;
  }
}

/**
 * Reads a form.
 * @param contentType with its boundary
 * @throws RequestProblem for what is no form, has no file or several, or too many fields
 */
export const readForm = async (body: Buffer, contentType: string): Promise<Form> => {
  const fields = new Map<string, string[]>();
  const pieces: Buffer[] = [];
  let files = 0;
  let passed: string | null = null;
  await new Promise<void>((resolve, reject) => {
    const refuse = (): void =>
      reject(new RequestProblem('bad-request', 'the form cannot be read (multipart/form-data)'));
    const form = openForm(contentType);
    if (form === null) return refuse();
    form.on('file', (_name, stream) => {
      files += 1;
      stream.on('data', (piece: Buffer) => pieces.push(piece)).on('error', refuse);
    });
    form.on('field', (name, value, isNameCut, isValueCut) => {
      if (isNameCut || isValueCut) passed = `a field has more than ${MAX_FIELD_BYTES} octets`;
      fields.set(name, [...(fields.get(name) ?? []), value]);
    });
    form.on('filesLimit', () => {
      passed = 'it has more than one file';
    });
    form.on('fieldsLimit', () => {
      passed = `it has more than ${MAX_FIELDS} fields`;
    });
    form.on('finish', resolve);
    form.on('error', refuse);
    form.end(body);
  });
  if (passed !== null) throw new RequestProblem('invalid-request', `the form is not read: ${passed}`);
  if (files === 0)
    throw new RequestProblem('empty-body', 'send the message as a file of the form, as with curl -F file=@message.eml');
  return new Form(
    Buffer.concat(pieces),
    Object.fromEntries([...fields].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? '')])),
  );
};

/** @returns null for a content type without a boundary */
const openForm = (contentType: string): BusboyInstance | null => {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: {
        files: 1,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        fieldNameSize: MAX_NAME_BYTES,
        parts: MAX_FIELDS + 1,
        headerPairs: 20,
      },
    });
  } catch {
    return null;
  }
};
