/**
 * DNS messages out of a TCP stream (RFC 1035 section 4.2.2). Holds one message at most, 65535
 * octets, and copies each octet once however small the pieces are.
 */

/**
 * Takes the octets of a stream as they come and hands on each message without its two-octet length.
 */
export type FrameReader = (bytes: Buffer) => void;

/** @param onMessage called for each whole message; the octets are its own */
export const frameReader = (onMessage: (message: Buffer) => void): FrameReader => {
  let frame = Buffer.alloc(2);
  let filled = 0;
  let isLength = true;
  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      const copied = bytes.copy(frame, filled, at);
      at += copied;
      filled += copied;
      if (filled < frame.length) return;
      const done = frame;
      const length = isLength ? done.readUInt16BE(0) : 0;
      if (!isLength) onMessage(done);
      isLength = length === 0;
      frame = Buffer.alloc(isLength ? 2 : length);
      filled = 0;
    }
  };
};
