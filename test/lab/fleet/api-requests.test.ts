import { expect, it } from '@jest/globals';
import { apiRequests } from './api-requests.ts';

const METRICS = `# HELP apiserver_request_total [STABLE] Counter of apiserver requests.
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",resource="machines",verb="GET"} 12
apiserver_request_total{code="409",component="apiserver",resource="workflows",verb="POST"} 1.5e+03
apiserver_request_total_other{code="200"} 7
apiserver_flowcontrol_dispatched_requests_total{flow_schema="lab-refit",priority_level="workload-low"} 3
apiserver_flowcontrol_dispatched_requests_total{flow_schema="lab-argo",priority_level="workload-low"} 40
apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"} 500
`;

it('sums what the API server answered, in all and by who asked', () => {
  expect(apiRequests(METRICS)).toEqual({ all: 1512, by: { refit: 3, argo: 40, steps: 0 } });
});
