"""Shows that ArviZ and R's posterior read the CSV files that Fit.writeCmdStanCSV wrote.

Run: python read_draws.py FOLDER, the folder holding draws-1.csv and so on. Prints versions, shapes, and a few figures
by both, which must agree with the summary table of the same draws.
"""
import glob
import subprocess
import sys

import arviz as az

files = sorted(glob.glob(sys.argv[1] + "/draws-*.csv"))
data = az.from_cmdstan(posterior=files)
print("arviz", az.__version__, dict(data.posterior.sizes), "divergent", int(data.sample_stats.diverging.sum()))
print(az.summary(data, round_to=8)[["mean", "sd", "mcse_mean", "ess_bulk", "ess_tail", "r_hat"]].to_string())
print("bfmi", az.bfmi(data).tolist())
code = """
suppressMessages(library(posterior))
files <- commandArgs(trailingOnly = TRUE)
chains <- lapply(files, function(f) as_draws_array(as.matrix(read.csv(f, comment.char = "#", check.names = FALSE))))
draws <- do.call(bind_draws, c(chains, along = "chain"))
options(digits = 9)
cat("R", as.character(getRversion()), "posterior", as.character(packageVersion("posterior")), dim(draws), "\\n")
print(as.data.frame(summarise_draws(draws, mean, sd, mcse_mean, ess_bulk, ess_tail, rhat)), digits = 9)
"""
print(subprocess.run(["Rscript", "-e", code, *files], capture_output=True, text=True).stdout)
