// Node Jobs on the stand-in of the API server: their logs over HTTP, and its health.
import type { ServerResponse } from 'node:http';
import type { ApiServer } from './api-server.ts';
import { NodeJobs } from './node-jobs.ts';

export class NodeJobsServer extends NodeJobs {
  /** Status of /readyz; undefined: no answer, the connection is cut. */
  ready: number | undefined = 200;
  /** Queries of the logs that were asked for. */
  readonly logQueries: Record<string, string>[] = [];
  readonly #following = new Set<ServerResponse>();

  constructor(server: ApiServer) {
    super(server.data);
    server.other = (url, response) => this.#other(url, response);
  }

  /** How many logs are followed. */
  get readers(): number {
    return this.#following.size;
  }

  breakLogs(): void {
    for (const response of this.#following) response.destroy();
  }

  override lose(pod: string): void {
    super.lose(pod);
    this.breakLogs();
  }

  #other(url: URL, response: ServerResponse): boolean {
    if (url.pathname === '/readyz') {
      if (this.ready === undefined) response.destroy();
      else response.writeHead(this.ready).end('ok');
      return true;
    }
    const pod = /\/pods\/([^/]+)\/log$/.exec(url.pathname)?.[1];
    if (pod === undefined) return false;
    const query = Object.fromEntries(url.searchParams);
    this.logQueries.push(query);
    if (!this.hasLog(pod)) {
      response.writeHead(404).end(JSON.stringify({ message: `pods "${pod}" not found`, reason: 'NotFound' }));
      return true;
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const forget = this.readLog(pod, query, {
      write: (line) => void response.write(`${line}\n`),
      end: () => void response.end(),
    });
    if (response.writableEnded) return true;
    this.#following.add(response);
    response.on('close', () => {
      forget();
      this.#following.delete(response);
    });
    return true;
  }
}
