import { expect, it } from '@jest/globals';
import type { Api } from '../../apiserver/api.ts';
import { storyReader } from './story-of.ts';

function readerOf(...answers: (Awaited<ReturnType<Api['get']>> | Error)[]) {
  const asked: string[] = [];
  const get = async (path: string) => {
    asked.push(path);
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
    return answer;
  };
  return { asked, storyOf: storyReader({ get } as Api) };
}

it('is what the claim of the namespace says, asked once for many requests', async () => {
  const { asked, storyOf } = readerOf({ status: 200, body: { data: { story: 'workers' } } });
  expect([await storyOf('lab-1'), await storyOf('lab-1')]).toEqual(['workers', 'workers']);
  expect(asked).toEqual(['/api/v1/namespaces/lab-1/configmaps/taken']);
});

it('is the namespace itself where nobody claimed it', async () => {
  const { storyOf } = readerOf({ status: 404, body: {} });
  expect(await storyOf('lab')).toBe('lab');
});

it('is the namespace for as long as the API server cannot say', async () => {
  const { storyOf } = readerOf(new Error('ECONNREFUSED'), {
    status: 200,
    body: { data: { story: 'workers' } },
  });
  expect([await storyOf('lab-1'), await storyOf('lab-1')]).toEqual(['lab-1', 'workers']);
});
