// A Node as the API server stores it: protobuf, in an envelope. Only as much of it as tells what a write changed. Pure.

/** Begins every object in this form. JSON, and what is encrypted, is not looked into. */
const MAGIC = Buffer.from('k8s\0');
/** Fields: the object in the envelope; of the Node; of its metadata. */
const RAW = 2;
const [METADATA, SPEC] = [1, 2];
const [RESOURCE_VERSION, MANAGED_FIELDS] = [6, 17];

interface Field {
  number: number;
  /** With its tag. */
  bytes: Buffer;
  /** Of a length-delimited one. */
  content: Buffer | undefined;
}

/** False: also spec, labels, annotations, taints or the like; or it cannot be told. */
export function changesOnlyStatus(before: Uint8Array, after: Uint8Array): boolean {
  const [old, now] = [besidesStatus(before), besidesStatus(after)];
  return old !== undefined && now !== undefined && old.equals(now);
}

/** Metadata and spec without what every write changes. The API server writes maps in the order of their keys. */
function besidesStatus(value: Uint8Array): Buffer | undefined {
  const stored = Buffer.from(value);
  if (!stored.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const object = fieldsOf(stored.subarray(MAGIC.length))?.find(({ number }) => number === RAW)?.content;
  const fields = object && fieldsOf(object);
  const metadata = fields?.find(({ number }) => number === METADATA)?.content;
  const kept = metadata && fieldsOf(metadata)?.filter(({ number }) => !isWrittenAnyway(number));
  if (!fields || !kept) return undefined;
  const spec = fields.filter(({ number }) => number === SPEC);
  return Buffer.concat([...kept, ...spec].map(({ bytes }) => bytes));
}

function isWrittenAnyway(number: number): boolean {
  return number === RESOURCE_VERSION || number === MANAGED_FIELDS;
}

/** undefined: no protobuf. */
function fieldsOf(message: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let place = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = message[place];
      if (byte === undefined) return NaN;
      place += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (place < message.length) {
    const start = place;
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    const sizes: Record<number, () => number> = { 1: () => 8, 2: varint, 5: () => 4 };
    const size = wire === 0 ? (varint(), 0) : sizes[wire]?.();
    // Also NaN.
    if (size === undefined || !(place + size <= message.length) || !(number > 0)) return undefined;
    const content = wire === 2 ? message.subarray(place, place + size) : undefined;
    place += size;
    fields.push({ number, bytes: message.subarray(start, place), content });
  }
  return fields;
}
