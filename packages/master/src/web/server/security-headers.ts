import type { RequestHandler } from 'express';
import helmet from 'helmet';

/**
 * What a page may do: load our own scripts, styles and images, and talk to us. Not even text that
 * slipped into a page as HTML could run or send anything.
 */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // A farm may well be on plain HTTP in a local network: TLS and its promises are the proxy's.
    strictTransportSecurity: false,
  });
}
