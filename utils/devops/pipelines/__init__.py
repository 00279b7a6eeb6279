"""GitHub workflows: read (`workflow`), checked (`checks`, `validation`), worked out (`simulation`)
and made (`generation`). What runs them is the package `rehearsal`."""
