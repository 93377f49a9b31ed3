/** Certificates made with openssl for one test file, in a temporary directory. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Certificate = { key: string; cert: string; /** For issuing others. */ name: string };

export type CertificateWish = {
  /** subjectAltName, such as `DNS:hooks.example.com`; none for an authority. */
  names?: string;
  issuer?: Certificate;
  /** Days from today on which it begins and ends; the year around today by default. */
  days?: [number, number];
};

export type CertificateMaker = Disposable & { issue(wish: CertificateWish): Certificate };

export function certificateMaker(): CertificateMaker {
  const directory = mkdtempSync(join(tmpdir(), 'runlane-certificates-'));
  const path = (file: string): string => join(directory, file);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  let count = 0;
  const config = (names: string | undefined): string => {
    const extensions =
      names === undefined ? 'basicConstraints=critical,CA:TRUE' : `basicConstraints=CA:FALSE\nsubjectAltName=${names}`;
    return `[ca]
default_ca=own
[own]
database=${path('index')}
serial=${path('serial')}
new_certs_dir=${directory}
default_md=sha256
policy=any
x509_extensions=extensions
unique_subject=no
[any]
commonName=supplied
[extensions]
${extensions}
`;
  };
  writeFileSync(path('index'), '');
  writeFileSync(path('serial'), '01\n');
  return {
    issue: ({ names, issuer, days = [-180, 180] }) => {
      count += 1;
      const name = `certificate-${count}`;
      writeFileSync(path('config'), config(names));
      openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
      openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
      const [start, end] = days.map((day) => opensslTime(day));
      const period = ['-startdate', start ?? '', '-enddate', end ?? ''];
      const signedBy = issuer === undefined ? ['-selfsign'] : ['-cert', `${issuer.name}.crt`];
      const signing = ['-keyfile', `${issuer?.name ?? name}.key`, ...signedBy];
      const files = ['-config', 'config', '-in', `${name}.csr`, '-out', `${name}.crt`];
      openssl('ca', '-batch', '-notext', ...files, ...period, ...signing);
      return { name, key: readFileSync(path(`${name}.key`), 'utf8'), cert: readFileSync(path(`${name}.crt`), 'utf8') };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function opensslTime(dayFromToday: number): string {
  const date = new Date(Date.now() + dayFromToday * 86_400_000);
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
