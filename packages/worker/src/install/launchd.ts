import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { ServiceKeeper, ServicePlan, WorkerService } from './contract.ts';

/** macOS, by its documentation: nothing of this has run there, so it is printed and not done. */
export function launchdKeeper(): ServiceKeeper {
  return {
    name: 'launchd',
    obstacle: 'workers on macOS have never been tried: what follows is how it should go',
    plan,
  };
}

function plan(service: WorkerService): ServicePlan {
  const label = `weir.worker.${service.name}`;
  const isOfSystem = service.user !== null;
  const dir = isOfSystem ? '/Library/LaunchDaemons' : join(homedir(), 'Library', 'LaunchAgents');
  const domain = isOfSystem ? 'system' : `gui/${process.getuid?.() ?? ''}`;
  const path = join(dir, `${label}.plist`);
  return {
    path,
    text: launchdPlist(service),
    start: [['launchctl', 'bootstrap', domain, path]],
    stop: [['launchctl', 'bootout', `${domain}/${label}`]],
    hints: [`launchctl print ${domain}/${label}   how it is`],
  };
}

/** The property list: launchd.plist(5). `AbandonProcessGroup` leaves builds to the next agent. */
export function launchdPlist({ name, dataDir, program, user }: WorkerService): string {
  const log = join(dataDir, 'agent.log');
  const run = [...program, 'run', '--data', dataDir, '--stop-within', '15'];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${escaped(`weir.worker.${name}`)}</string>
  <key>ProgramArguments</key>
  <array>
${run.map((argument) => `    <string>${escaped(argument)}</string>\n`).join('')}  </array>
${user === null ? '' : `  <key>UserName</key><string>${escaped(user)}</string>\n`}  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>AbandonProcessGroup</key><true/>
  <key>ExitTimeOut</key><integer>20</integer>
  <key>StandardOutPath</key><string>${escaped(log)}</string>
  <key>StandardErrorPath</key><string>${escaped(log)}</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
