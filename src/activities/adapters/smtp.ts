import { createTransport } from 'nodemailer';
import type { Notifier } from '../ports.js';

/** Mail by SMTP. A mail names title, tier, deadline and id, and nothing else: no arguments, no names, no link that decides. */
export function smtpNotifier(settings: { readonly smtpUrl: string; readonly from: string }): Notifier {
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: 25_000,
    greetingTimeout: 25_000,
    socketTimeout: 35_000,
    socketCloseTimeout: 0,
  });
  const underWay = new Set<AbortController>();
  return {
    channel: 'mail',
    async send({ to, title, lines, id }, signal) {
      signal.throwIfAborted();
      const sending = new AbortController();
      const giveUp = () => {
        sending.abort();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      underWay.add(sending);
      try {
        await transport.sendMail({
          from: settings.from,
          to: [...to],
          subject: title,
          text: lines.join('\n'),
          messageId: `<${id}@countersign>`,
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: sending.signal,
        });
      } finally {
        signal.removeEventListener('abort', giveUp);
        underWay.delete(sending);
      }
    },
    close: () => {
      for (const sending of underWay) sending.abort();
      transport.close();
    },
  };
}
