/** What the owner of a worker is told of an answer that opens no link, and what to do about it. */
export function noDoorText(url: string, status: number): string {
  return `${url} answers ${status}: ${meaning(status)}`;
}

function meaning(status: number): string {
  switch (status) {
    case 404:
      return "no workers are taken there: join again at the address of the farm's register page, or, where it is yours, see that `worker-url` leads to the worker port";
    case 502:
    case 503:
    case 504:
      return 'the farm does not run, or the proxy before it does not reach its worker port';
    default:
      return 'something between does not let workers through: a proxy must pass WebSockets on to the worker port';
  }
}
