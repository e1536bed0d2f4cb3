import { runReportThread } from './thread.ts';

runReportThread();
