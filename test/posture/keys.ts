import { createPublicKey } from 'node:crypto';

/**
 * Public keys made for these tests, in base64 as p= holds them. Their private halves were not kept.
 */
export const RSA_2048 =
  'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0xLyVsSAoEfHf+nbkjtKLXqHYmmKr4aI8c0ExarCsDkjuc+G2s8DZ3rEDA5MtS3ItOtrtU/r3RmKWu5YsbgkFHhjOoqpRCuupPL6qmuD0H+hJZTOgbjhEoDQSouzqrv0gTLOTZdhn2KE1zBeOVg/UAKvLndPX5hSPTnlpi+6g6RWFjSd/TZdvawnwAZ60yvbTRSDxCTn9b/6qGJd+crTBsBI1Kk5OgXSnieRBeQ2cM8A1Srn3e/vrdGbQnx/nMnIRqTM+tWy7eR7Pgpp/9UgUXXVvyRh8ByUcXB6d9qUqSAnPFaMJlJ0Zfvr6xuGVe0of5AZAy+ZIK+xH2qtt4bjKQIDAQAB';
/** The same key without the SubjectPublicKeyInfo around it. */
export const RSA_2048_BARE = createPublicKey({ key: Buffer.from(RSA_2048, 'base64'), format: 'der', type: 'spki' })
  .export({ format: 'der', type: 'pkcs1' })
  .toString('base64');
export const RSA_1024 =
  'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDmgI0wGwEEOJdGYhvQ5C30Ad54b6I4SoIRWpNUn9M9KPXZzRc2yy7ZMKvcjGtvEtzaH+tsw4Ti5LGp5/LoBIIcBEFYqInfdNanvkIBfadvQF4DwwRFtCXgpoCYkdkursOdfbDXQCA3ndfu6SnzQ/emYngTFcxCiR/Rkz2hxyvmdwIDAQAB';
export const RSA_512 =
  'MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAOiKF4R6zTXcCldVab0ttGjMc+yC9B9T3m99bRCVd/Ei2H2ABT5gmP1q3jkCcV5fvgxG/YlAvRxAqB65YcxxIs0CAwEAAQ==';
export const ED25519_KEY = 'O/Ogl9YsEN1b9+WvGxx8XWf9sjQN8Nv31Y8BM669AmI=';

/** A self-signed certificate for brand.example, made for BIMI by its key usage; good until 2126. */
export const MARK_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU6gAwIBAgIUfltWd3sRtLVNaBWVNQKUg6BdoeQwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFQnJhbmQwIBcNMjYxMTIyMTcxMjM1WhgPMjEyNjEwMjkxNzEy
MzVaMBAxDjAMBgNVBAMMBUJyYW5kMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
1Re88+mBOqOEFqEKepNE4v41oKMNpZ/sllyrPgoqJHuXR/oiCnKj7mVKM7xWTblc
tmQMjFZqfIvtNa4l5JkPaKOBgzCBgDAdBgNVHQ4EFgQU4Ea4JGiJAa2Seg28vljr
c0VJvmswHwYDVR0jBBgwFoAU4Ea4JGiJAa2Seg28vljrc0VJvmswDwYDVR0TAQH/
BAUwAwEB/zAYBgNVHREEETAPgg1icmFuZC5leGFtcGxlMBMGA1UdJQQMMAoGCCsG
AQUFBwMfMAoGCCqGSM49BAMCA0gAMEUCIAQe1DpYAYd0qK8NEE168S7UprAMXQfi
VWUhJjxJ4azNAiEA6YuwyvkgsGmLx/u5ej1/o53/5H6qFN8nzAAdalOmRh0=
-----END CERTIFICATE-----
`;
