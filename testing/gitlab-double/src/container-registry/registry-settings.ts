/** Settings of the instance's container registry, as in `gitlab.rb`. */
export interface RegistrySettings {
  /** Host and port: `CI_REGISTRY`. */
  host: string;
  /** RSA private key in PEM. The registry's `rootcertbundle` contains its certificate. */
  key: string;
}

/** `iss` of the tokens; the registry's `auth.token.issuer`. */
export const REGISTRY_ISSUER = 'omnibus-gitlab-issuer';
/** `aud` of the tokens; the registry's `auth.token.service`. */
export const REGISTRY_SERVICE = 'container_registry';
/** Path of the token service; the registry's `auth.token.realm` is GitLab's URL with this path. */
export const TOKEN_PATH = '/jwt/auth';
