// Plain requests to the API server under test: what a test prepares and checks does not go through our own client.
import { request, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../src/api/json.ts';
import { text } from '../../src/kubernetes/fields.ts';

export interface Answer {
  status: number;
  /** Of a refusal: the Status object. */
  body: JsonObject;
}

export type PatchType = 'merge-patch+json' | 'apply-patch+yaml';

/** Paths are below the server; every answer is returned, refusals too. */
export interface Api {
  get(path: string): Promise<Answer>;
  create(path: string, body: object): Promise<Answer>;
  put(path: string, body: object): Promise<Answer>;
  patch(path: string, body: object | Buffer, type?: PatchType): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export function kubeConfigOf(file: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(file);
  return kubeConfig;
}

export function apiOf(kubeConfig: KubeConfig): Api {
  const call = async (method: string, path: string, body?: object | Buffer, type = 'json') => {
    const options: RequestOptions = { method, headers: { 'content-type': `application/${type}` } };
    await kubeConfig.applyToHTTPSOptions(options);
    const url = new URL(path, kubeConfig.getCurrentCluster()?.server);
    const content = body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return send(url, options, content);
  };
  return {
    get: (path) => call('GET', path),
    create: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body, type = 'merge-patch+json') => call('PATCH', path, body, type),
    delete: (path) => call('DELETE', path),
  };
}

/** The body of an answer that must be a success. Errors: what the server said, and `status`. */
export async function expectOk(answer: Promise<Answer>): Promise<JsonObject> {
  const { status, body } = await answer;
  if (status >= 300) {
    const problem = new Error(`got ${status} ${text(body, 'message')}, expected a success`);
    throw Object.assign(problem, { status });
  }
  return body;
}

function send(url: URL, options: RequestOptions, content?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (part: string) => (received += part));
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0 } = response;
        try {
          resolve({ status, body: JSON.parse(received) as JsonObject });
        } catch {
          const got = received.slice(0, 200).trimEnd();
          // A path that nothing serves.
          if (status === 404) resolve({ status, body: { message: got } });
          else reject(new Error(`${options.method} ${url.pathname}: got ${got}, expected JSON`));
        }
      });
    });
    sent.on('error', reject).end(content);
  });
}
