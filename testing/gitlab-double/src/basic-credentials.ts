/** User name and password of HTTP Basic authentication. */
export interface BasicCredentials {
  username: string;
  password: string;
}

/** Parses an `Authorization` header; undefined if it is absent or has another scheme. */
export function basicCredentials(authorization: string | undefined): BasicCredentials | undefined {
  const [, encoded] = /^Basic\s+(.+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { username, password: password.join(':') };
}
