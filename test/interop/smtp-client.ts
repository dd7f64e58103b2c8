/**
 * A small SMTP client that sends exactly the octets it is given (dots stuffed), for
 * interoperability tests. Knows XCLIENT of Postfix.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What the server said: code and the whole text. */
export type Answer = { readonly code: number; readonly text: string };

/** A connection. */
export type SmtpClient = {
  /** Sends a line and waits for its answer. */
  command(line: string): Promise<Answer>;
  /**
   * Sends one message.
   * @param message octets as Latin-1 text, with CRLF
   * @returns the first refusal, or the answer to the message
   */
  send(envelope: { from: string; to: readonly string[] }, message: string): Promise<Answer>;
  quit(): Promise<void>;
};

/** The client closed or the server did. */
const GONE: Answer = { code: 0, text: 'connection closed' };

/**
 * Connects and says EHLO.
 * @param xclient attributes of XCLIENT, as in "ADDR=192.0.2.10 NAME=mail.sender.example"
 */
export const openSmtp = async (
  port: number,
  { helo, xclient = '' }: { helo: string; xclient?: string },
): Promise<SmtpClient> => {
  const socket: Socket = connect({ host: '127.0.0.1', port });
  socket.setNoDelay(true);
  let heard = '';
  let closed = false;
  let wake: () => void = () => undefined;
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
    wake();
  });
  socket.on('error', () => undefined);
  socket.once('close', () => {
    closed = true;
    wake();
  });
  const answer = async (): Promise<Answer> => {
    for (;;) {
      const whole = /^(?:\d{3}-[^\n]*\n)*(\d{3}) [^\n]*\n/.exec(heard);
      if (whole !== null) {
        heard = heard.slice(whole[0].length);
        return { code: Number(whole[1]), text: whole[0].trim() };
      }
      if (closed) return GONE;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const command = (line: string): Promise<Answer> => {
    socket.write(`${line}\r\n`, 'latin1');
    return answer();
  };
  await answer();
  if (xclient !== '') {
    await command(`EHLO ${helo}`);
    await command(`XCLIENT ${xclient}`);
  }
  await command(`EHLO ${helo}`);
  return {
    command,
    send: async ({ from, to }, message) => {
      for (const line of [`MAIL FROM:<${from}>`, ...to.map((recipient) => `RCPT TO:<${recipient}>`), 'DATA']) {
        const said = await command(line);
        if (said.code >= 400 || said.code === 0) return said;
      }
      const stuffed = message.replace(/(^|\r\n)\./g, '$1..');
      socket.write(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1');
      return answer();
    },
    quit: async () => {
      if (closed) return;
      await command('QUIT');
      if (!closed) await once(socket, 'close');
    },
  };
};
