# Medians and ratios of tests/bench/run's results, with the goals beside them.

function median(list,    values, n, i, j, swap) {
    n = split(list, values, " ")
    for (i = 2; i <= n; ++i)
        for (j = i; j > 1 && values[j - 1] + 0 > values[j] + 0; --j) {
            swap = values[j]; values[j] = values[j - 1]; values[j - 1] = swap
        }
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}

function ratio(of, to, count) {
    if (!((of, count) in rates) || !((to, count) in rates)) return "-"
    return sprintf("%.2f", median(rates[of, count]) / median(rates[to, count]))
}

function ratio_row(label, of, to, goals,    c, goal) {
    printf "%-24s", label
    split(goals, goal, " ")
    for (c = 1; c <= columns; ++c)
        printf "%9s %-8s", ratio(of, to, column[c]), goal[c] == "-" ? "" : "(" goal[c] ")"
    print ""
}

$1 == "sync_around" && $2 == "accepting" && $3 == 1 { around = around " " $4 " " $5 }
$1 == "sync" { append = append " " $3; overwrite = overwrite " " $5 }
$1 == "run" && $2 ~ /^(open|guarded|keyless|keyed|batches)$/ { rates[$2, $3] = rates[$2, $3] " " $4; next }
$1 == "run" {
    if (!($3 in known)) { known[$3] = 1; column[++columns] = $3 }
    rates[$2, $3] = rates[$2, $3] " " $4
    latencies[$2, $3] = latencies[$2, $3] " " $5
}
$1 == "delivered" { delivered[$2] = delivered[$2] " " $3 }
$1 == "drain" { drain[$2] = drain[$2] " " $3 }
$1 == "wrk_drain" { wrk[$2] = wrk[$2] " " $3 }
$1 == "added" { added50 = added50 " " $2; added99 = added99 " " $3; added_sync = added_sync " " $4 " " $5 }
$1 == "slow" { honest[$2, $3] = honest[$2, $3] " " $4; broken[$2, $3] += $5 }
$1 == "slow_memory" { if ($3 > memory[$2]) memory[$2] = $3 }
$1 == "store" { kept[$2] = kept[$2] " " $3 }
$1 == "bare" { bare[$2] = bare[$2] " " $3 }

END {
    printf "fdatasync of 4 KiB, p50 at the start, between and at the end (us): append%s; overwrite%s\n", append, overwrite
    if (columns) {
        printf "\n%-24s", "events a second (median)"
        for (c = 1; c <= columns; ++c) printf "%9s %-8s", column[c], "conn."
        print ""
        split("nginx ceiling accepting delivering", servers, " ")
        for (s = 1; s in servers; ++s) {
            printf "%-24s", servers[s]
            for (c = 1; c <= columns; ++c) printf "%9.0f %-8s", median(rates[servers[s], column[c]]), ""
            print ""
        }
        printf "%-24s", "  of these delivered"
        for (c = 1; c <= columns; ++c) printf "%9.0f %-8s", median(delivered[column[c]]), ""
        printf "\n\n%-24s", "ratio (goal: at least)"
        for (c = 1; c <= columns; ++c) printf "%9s %-8s", column[c], "conn."
        print ""
        ratio_row("accepting / ceiling", "accepting", "ceiling", goals_for("- 0.45 0.70 0.94"))
        ratio_row("accepting / nginx", "accepting", "nginx", goals_for("- - 0.55 0.70"))
        ratio_row("delivering / nginx", "delivering", "nginx", goals_for("- - 0.33 0.50"))
    }
    if (1 in known) {
        sync = median(around)  # overwriting, as a WAL in use does
        spent = median(latencies["accepting", 1]) - median(latencies["ceiling", 1])
        printf "\np50 at 1 connection (us): ceiling %.0f, accepting %.0f: %.0f more, of which fdatasync %.0f (goal: at most %.0f)\n", \
            median(latencies["ceiling", 1]), median(latencies["accepting", 1]), spent, sync, sync + 60
    }
    if (("open", 64) in rates && ("guarded", 64) in rates) \
        printf "\naccepting over 64 connections: without tokens %.0f a second, with %.0f, ratio %s (goal: at least 0.97)\n", \
            median(rates["open", 64]), median(rates["guarded", 64]), ratio("guarded", "open", 64)
    if (("keyless", 64) in rates && ("keyed", 64) in rates) \
        printf "\naccepting over 64 connections: without Idempotency-Key %.0f a second, with one each %.0f, ratio %s (goal: at least 0.75)\n", \
            median(rates["keyless", 64]), median(rates["keyed", 64]), ratio("keyed", "keyless", 64)
    if (("batches", 4) in rates) {
        events = median(rates["batches", 4]) * 1000
        printf "\nbatches of 1,000 over 4 connections: %.0f events a second; the outbox alone inserts %.0f, ratio %.2f (goal: at least 0.60)\n", \
            events, median(kept["outbox_inserting"]), events / median(kept["outbox_inserting"])
        printf "  a minimal SQLite loop inserts %.0f, ratio %.2f\n", median(kept["inserting"]), events / median(kept["inserting"])
    }
    if (16 in drain) drain_row(16, 0.70)
    if (32 in drain) drain_row(32, 0.80)
    if (added50 != "") printf "\nfrom the 202 to the upstream's socket, idle (us): p50 %.0f (goal: at most 500), p99 %.0f (3000); fdatasync %.0f\n", \
        median(added50), median(added99), median(added_sync)
    if (("kept", "beside") in honest) {
        slow_row("kept", "that are kept")
        slow_row("each", "opened for each request")
        printf "  the daemon\047s memory at its peak: alone %.0f MiB, beside them %.0f MiB (goal: under 128)\n", \
            memory["alone"] / 1024, memory["beside"] / 1024
    }
    if ("minimal" in kept) {
        printf "\nthe store alone, events inserted and settled a second: minimal loop %.0f\n", median(kept["minimal"])
        printf "  facts of delivered events kept: %.0f, ratio %.2f (goal: at least 0.60)\n", median(kept["day"]), \
            median(kept["day"]) / median(kept["minimal"])
        printf "  none kept: %.0f, ratio %.2f (goal: at least 0.80)\n", median(kept["none"]), \
            median(kept["none"]) / median(kept["minimal"])
    }
}

function slow_row(way, said,    alone, beside) {
    alone = median(honest[way, "alone"])
    beside = median(honest[way, "beside"])
    printf "\np99 over 16 connections %s (us): alone %.0f, beside 1,500 slow clients %.0f, ratio %.2f (goal: at most 3.00); %d broke\n", \
        said, alone, beside, beside / alone, broken[way, "beside"]
}

function drain_row(count, goal) {
    printf "\ndrain over %d connections: %.0f a second; bare client %.0f, ratio %.2f (goal: at least %.2f); wrk %.0f\n", count, \
        median(drain[count]), median(bare[count]), median(drain[count]) / median(bare[count]), goal, median(wrk[count])
}

# The goals stand for 1, 16, 64 and 256 connections; picks those of the columns there are.
function goals_for(goals,    all, at, c, picked) {
    split(goals, all, " ")
    at[1] = 1; at[16] = 2; at[64] = 3; at[256] = 4
    for (c = 1; c <= columns; ++c) picked = picked " " (column[c] in at ? all[at[column[c]]] : "-")
    return picked
}
