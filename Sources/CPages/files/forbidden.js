// The page for who may not see another one.
import { frame } from "./frame.js";

await frame();
