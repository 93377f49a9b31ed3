// Answers GET / with what is mounted where Grafana looks: the data source, whether it answers, and the titles of the dashboards.
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const PROVISIONING = '/etc/grafana/provisioning';

async function provisioned() {
  const source = /url: *([^\s,]+)/.exec(readFileSync(join(PROVISIONING, 'datasources/runlane.yaml'), 'utf8'))?.[1];
  const folder = /path: *(\S+)/.exec(readFileSync(join(PROVISIONING, 'dashboards/runlane.yaml'), 'utf8'))?.[1];
  const answer = await fetch(`${source}/api/v1/query?query=up`);
  const { data } = await answer.json();
  const dashboards = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).title);
  return { source, seriesCount: data.result.length, dashboards };
}

createServer((_request, response) => {
  provisioned().then(
    (what) => response.end(JSON.stringify(what)),
    (error) => response.writeHead(500).end(String(error)),
  );
}).listen(3000);
