// CTX010: a configuration that is known to lead to the other verdicts. The agent read it in the running process.
// Workers of one server share it: the verdict is given once, for the first worker that has it.

import CtxtopSnapshot

extension Subject {
  func hazard(_ hazard: Hazard) -> Verdict {
    var verdict = Verdict(.hazard, worker, at: index)
    verdict.statement = hazard.message
    verdict.hazard = hazard.code
    verdict.evidence = [Evidence("hazard", hazard.code)]
    return verdict
  }
}
