/** The container registry of the instance, as `gitlab.rb` has it. */
export interface RegistrySettings {
  /** Host and port: `CI_REGISTRY`. */
  host: string;
  /** RSA private key, PEM. The registry has the certificate of it among its `rootcertbundle`. */
  key: string;
}

/** `iss` of the tokens; the registry's `auth.token.issuer`. */
export const REGISTRY_ISSUER = 'omnibus-gitlab-issuer';
/** `aud` of the tokens; the registry's `auth.token.service`. */
export const REGISTRY_SERVICE = 'container_registry';
/** Where the tokens are given; the registry's `auth.token.realm` is this path of GitLab's URL. */
export const TOKEN_PATH = '/jwt/auth';
