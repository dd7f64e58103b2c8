/**
 * The milter's frames: a length of four octets (big endian, the code octet included), a code octet
 * and a payload. Reads no socket. A length of 0 or above `maxFrameBytes` ends the connection before
 * anything is reserved for it; at most one incomplete frame is in memory, and it is counted.
 */
import type { Memory } from '../../message/memory.ts';
import { Unread } from '../connections/unread.ts';
import type { Frame } from './wire.ts';

/** Why no further frame can be read. The connection cannot go on after it. */
type FrameFault = 'empty-frame' | 'frame-too-large' | 'service-full';

/** Cuts a stream into frames. */
type FrameReader = {
  /** Takes what a read gave. */
  push(chunk: Buffer): void;
  /** The next whole frame, a fault (for good), or undefined until more comes. */
  next(): Frame | FrameFault | undefined;
  /** Forgets everything and gives its memory back. */
  end(): void;
  /** Octets in memory that are no whole frame yet, or not asked for. */
  readonly buffered: number;
};

const LENGTH_OCTETS = 4;

/**
 * Makes a reader for one connection. Any split of the stream gives the same frames.
 * @param maxFrameBytes largest length accepted, code octet included
 * @param memory account of the octets in memory
 */
export const createFrameReader = (maxFrameBytes: number, memory: Memory): FrameReader => {
  const unread = new Unread(memory);
  let partial: Buffer | null = null;
  let filled = 0;
  let fault: FrameFault | null = null;

  const letGo = (): void => {
    unread.clear();
    memory.release(partial?.length ?? 0);
    partial = null;
  };

  const fail = (why: FrameFault): FrameFault => {
    letGo();
    fault = why;
    return why;
  };

  const fill = (target: Buffer): boolean => {
    const copied = unread.octets.copy(target, filled);
    unread.skip(copied);
    filled += copied;
    return filled === target.length;
  };

  const next = (): Frame | FrameFault | undefined => {
    if (fault !== null) return fault;
    if (partial === null) {
      if (unread.length < LENGTH_OCTETS) return undefined;
      const announced = unread.octets.readUInt32BE();
      if (announced === 0) return fail('empty-frame');
      if (announced > maxFrameBytes) return fail('frame-too-large');
      if (unread.length >= LENGTH_OCTETS + announced) {
        const whole = unread.octets.subarray(LENGTH_OCTETS, LENGTH_OCTETS + announced);
        unread.skip(LENGTH_OCTETS + announced);
        return toFrame(whole);
      }
      // A frame of its own memory: it comes in pieces as large as the socket gives them.
      if (!memory.reserve(announced)) return fail('service-full');
      partial = Buffer.allocUnsafeSlow(announced);
      unread.skip(LENGTH_OCTETS);
      filled = 0;
    }
    if (!fill(partial)) return undefined;
    const whole = partial;
    memory.release(whole.length);
    partial = null;
    return toFrame(whole);
  };

  return {
    push: (chunk) => {
      if (fault === null && !unread.push(chunk)) fail('service-full');
    },
    next,
    end: letGo,
    get buffered() {
      return unread.length + (partial === null ? 0 : LENGTH_OCTETS + filled);
    },
  };
};

const toFrame = (whole: Buffer): Frame => ({ code: whole.toString('latin1', 0, 1), payload: whole.subarray(1) });
