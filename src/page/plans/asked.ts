export { estimate } from '../models/estimate_plan';
export { probe } from '../session/probe';
