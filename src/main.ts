// cdk8s app: writes the installation into dist/.
import { App } from 'cdk8s';
import packageJson from '../package.json' with { type: 'json' };
import { addCharts } from './charts/install.ts';
import { values } from './charts/values.ts';

const app = new App();
addCharts(app, values, packageJson.version);
app.synth();
