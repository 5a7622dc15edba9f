import { connect } from 'node:tls';

/** `trusted`: its certificate is signed by one of the given ones. */
export type Trust = { kind: 'trusted' } | { kind: 'refused' | 'unreachable'; reason: string };

const TIMEOUT_MS = 10_000;
/** Codes of errors that are about the certificate, not about the connection. */
const ABOUT_CERTIFICATE = /CERT|SIGNATURE|SIGNED|ISSUER|ALTNAME/;

/**
 * Whether GitLab can be trusted by these certificates alone, as git in a job trusts it: with a file of certificates, git uses
 * no public authorities.
 * @param url GitLab's, with https
 * @param authorities PEM
 */
export function testTrust(url: string, authorities: string): Promise<Trust> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host, port: Number(port || 443), ca: authorities },
      // An address is no name that a server could choose its certificate by.
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const end = (trust: Trust) => {
      socket.destroy();
      resolve(trust);
    };
    socket.setTimeout(TIMEOUT_MS, () => end({ kind: 'unreachable', reason: 'it does not answer' }));
    socket.once('secureConnect', () => end({ kind: 'trusted' }));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const { code = '', message } = error;
      end({ kind: ABOUT_CERTIFICATE.test(code) ? 'refused' : 'unreachable', reason: code || message });
    });
  });
}
