// SPDX-License-Identifier: GPL-2.0-only
/* Draws all rounds with gnuplot: what was touched, and where. */
#include "wss.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GNUPLOT	"gnuplot"

static bool in_path(const char *program)
{
	char *path = xstrdup(getenv("PATH") ?: "/usr/bin:/bin"), *save, *dir;
	char file[4096];
	bool found = false;

	for (dir = strtok_r(path, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		snprintf(file, sizeof(file), "%s/%s", dir, program);
		found = !access(file, X_OK);
	}
	free(path);
	return found;
}

/* Before anything is measured: hours later would be a bad moment to complain. */
void plot_open(struct plot *plot, const char *path)
{
	if (!in_path(GNUPLOT))
		die(EXIT_FAILED, "--plot needs gnuplot, which is not installed");
	plot->path = path;
	plot->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	plot->created = plot->fd >= 0;
	if (plot->fd < 0 && errno == EEXIST)
		plot->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (plot->fd < 0)
		die(EXIT_FAILED, "cannot write %s: %s", path, strerror(errno));
}

void plot_add(struct plot *plot, const struct measure *measure, double end, double length)
{
	const struct grid *grid = &measure->plot;
	struct plot_row *row;
	size_t i;

	plot->row = xrealloc(plot->row, plot->nr + 1, sizeof(*plot->row));
	row = &plot->row[plot->nr++];
	plot->cells = grid->nr;
	row->start = end - length;
	row->end = end;
	row->counts = measure->counts;
	row->once = measure->once_pages * measure->page;
	row->cell = xcalloc(grid->nr, 1);
	for (i = 0; i < grid->nr; i++)	/* the least that was touched is seen */
		row->cell[i] = ceil(255 * grid_share(grid, i));
}

void plot_free(struct plot *plot)
{
	size_t i;

	for (i = 0; i < plot->nr; i++)
		free(plot->row[i].cell);
	free(plot->row);
}

/* A line per round: from, to, and MB that are mapped, touched, huge, cumulative. */
static void script_table(const struct plot *plot, FILE *file)
{
	const struct plot_row *row;

	fprintf(file, "$rounds << END\n");
	for (row = plot->row; row < plot->row + plot->nr; row++)
		fprintf(file, "%.3f %.3f %.3f %.3f %.3f %.3f\n", row->start, row->end,
			row->counts.mapped / MB, row->counts.touched / MB,
			row->counts.touched_huge / MB, row->once / MB);
	fprintf(file, "END\n");
}

static void heat_row(const struct plot_row *row, size_t cells, double mb, FILE *file)
{
	size_t i, next;

	for (i = 0; i < cells; i = next) {
		for (next = i + 1; next < cells && row->cell[next] == row->cell[i]; next++)
			;
		if (row->cell[i])
			fprintf(file, "%.3f %.3f %.3f %.3f %.1f\n", row->start, row->end,
				mb * i / cells, mb * next / cells, row->cell[i] / 2.55);
	}
}

/*
 * A line per run of cells: from, to, first and last MB, % touched. Those that
 * were not touched are the background. gnuplot wants to have at least one.
 */
static void script_heat(const struct plot *plot, double mb, FILE *file)
{
	const struct plot_row *row;

	fprintf(file, "$heat << END\n0 0 0 0 0\n");
	for (row = plot->row; row < plot->row + plot->nr; row++)
		heat_row(row, plot->cells, mb, file);
	fprintf(file, "END\n");
}

/* comm is anybody's choice: no quote of it may end a string of gnuplot. */
static void script_title(const struct report *report, FILE *file)
{
	const char *c;

	fprintf(file, "set multiplot layout 2,1 title \"PID %d (",
		report->process->pid);
	for (c = report->process->comm; *c; c++)
		putc(*c < ' ' || *c > '~' || strchr("\"\\`$", *c) ? '?' : *c, file);
	fprintf(file, "): %s%s\" noenhanced\n", report->source->name,
		report->source->sees_guest ? "" : ", blind to guests");
}

static void script_touched(const struct plot *plot, bool cumulative, FILE *file)
{
	bool huge = false;
	size_t i;

	for (i = 0; i < plot->nr; i++)
		huge |= plot->row[i].counts.touched_huge != 0;
	fprintf(file, "set key outside right top\nset yrange [0:*]\nset ylabel 'MB'\n");
	fprintf(file, "plot $rounds using 1:(0):1:2:(0):4 with boxxyerror lc '#e69f00' title 'touched'");
	if (huge)
		fprintf(file, ", '' using 1:(0):1:2:(0):5 with boxxyerror lc '#d55e00' title 'of it huge'");
	if (cumulative)
		fprintf(file, ", '' using 2:6 with linespoints pt 7 ps 0.3 lw 2 lc '#009e73' title 'cumulative'");
	fprintf(file, ", '' using 2:3 with linespoints pt 7 ps 0.3 lw 2 lc '#0072b2' title 'mapped'\n");
}

void plot_script(const struct plot *plot, const struct report *report, FILE *file)
{
	double mb = report->ranges->bytes / MB;

	script_table(plot, file);
	script_heat(plot, mb, file);
	fprintf(file, "set terminal svg size 900,700 background rgb 'white'\n");
	script_title(report, file);
	fprintf(file, "set lmargin at screen 0.11\nset rmargin at screen 0.80\n"
		"set xrange [%.3f:%.3f]\nset style fill solid 1 noborder\n",
		plot->row[0].start, plot->row[plot->nr - 1].end);
	script_touched(plot, report->measure->once, file);
	fprintf(file, "unset key\nset xlabel 'seconds'\nset ylabel 'guest memory, MB'\n"
		"set yrange [0:%.3f]\nset cbrange [0:100]\nset cblabel '%% touched'\n"
		"set palette defined (0 '#fff0c0', 30 '#e69f00', 100 '#7f0000')\n"
		"plot $heat using 1:3:1:2:3:4:5 with boxxyerror lc palette\n"
		"unset multiplot\n", mb);
}

static pid_t start_gnuplot(int script, int svg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (dup2(script, STDIN_FILENO) >= 0 && dup2(svg, STDOUT_FILENO) >= 0)
		execlp(GNUPLOT, GNUPLOT, "-", NULL);
	_exit(127);
}

/* Half a picture is none: what could not be drawn leaves no file behind. */
bool plot_write(struct plot *plot, const struct report *report)
{
	FILE *script = plot->nr ? tmpfile() : NULL;
	int status = -1;
	pid_t pid = -1;

	if (script) {
		plot_script(plot, report, script);
		fflush(script);
		rewind(script);
		if (ftruncate(plot->fd, 0) && errno != EINVAL)
			pid = -1;
		else
			pid = start_gnuplot(fileno(script), plot->fd);
		fclose(script);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	close(plot->fd);
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (plot->created)
		unlink(plot->path);
	fprintf(stderr, plot->nr ? "wss: gnuplot could not draw %s\n" :
		"wss: nothing to plot: no %s\n", plot->path);
	return false;
}
