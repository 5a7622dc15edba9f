import { runSchedule } from './src/run-schedule.ts';

const r = await runSchedule(JSON.parse(process.argv[2]!), {}, (l) => console.log(l.slice(0, 400)));
console.log(r.violation);
