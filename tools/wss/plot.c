// SPDX-License-Identifier: GPL-2.0-only
/* Draws all rounds with gnuplot: what was touched, and where. */
#include "wss.h"

#include <errno.h>
#include <fcntl.h>
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

void plot_add(struct plot *plot, const struct measure *measure, double time)
{
	const struct grid *grid = &measure->plot;
	struct plot_row *row;
	size_t i;

	plot->row = xrealloc(plot->row, plot->nr + 1, sizeof(*plot->row));
	row = &plot->row[plot->nr++];
	plot->cells = grid->nr;
	row->time = time;
	row->counts = measure->counts;
	row->once = measure->once_pages * measure->page;
	row->cell = xcalloc(grid->nr, 1);
	for (i = 0; i < grid->nr; i++)
		row->cell[i] = 255 * grid_share(grid, measure->ranges, i) + 0.5;
}

void plot_free(struct plot *plot)
{
	size_t i;

	for (i = 0; i < plot->nr; i++)
		free(plot->row[i].cell);
	free(plot->row);
}

static void script_table(const struct plot *plot, bool cumulative, FILE *file)
{
	const struct plot_row *row;

	fprintf(file, "$rounds << END\n");
	for (row = plot->row; row < plot->row + plot->nr; row++) {
		fprintf(file, "%.3f %.3f %.3f %.3f", row->time,
			row->counts.mapped / MB, row->counts.touched / MB,
			row->counts.touched_huge / MB);
		fprintf(file, cumulative ? " %.3f\n" : "\n", row->once / MB);
	}
	fprintf(file, "END\n");
}

/* A line per row and cell: seconds, MB from the first byte, % touched. */
static void script_heat(const struct plot *plot, double mb, FILE *file)
{
	const struct plot_row *row;
	size_t i;

	fprintf(file, "$heat << END\n");
	for (row = plot->row; row < plot->row + plot->nr; row++) {
		for (i = 0; i < plot->cells; i++)
			fprintf(file, "%.3f %.3f %.1f\n", row->time,
				mb * (i + 0.5) / plot->cells, row->cell[i] / 2.55);
		fprintf(file, "\n");
	}
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

void plot_script(const struct plot *plot, const struct report *report, FILE *file)
{
	bool cumulative = report->measure->once;

	script_table(plot, cumulative, file);
	script_heat(plot, report->ranges->bytes / MB, file);
	fprintf(file, "set terminal svg size 900,700 background rgb 'white'\n");
	script_title(report, file);
	fprintf(file, "set lmargin 12\nset rmargin 14\nset xlabel 'seconds'\n"
		"set key outside right top\nset yrange [0:*]\nset ylabel 'MB'\n"
		"set style fill solid 0.6 noborder\n"
		"plot $rounds using 1:3 with filledcurves y1=0 title 'touched', \\\n"
		"     '' using 1:4 with filledcurves y1=0 title 'of it huge', \\\n");
	if (cumulative)
		fprintf(file, "     '' using 1:5 with lines lw 2 title 'cumulative', \\\n");
	fprintf(file, "     '' using 1:2 with lines lw 2 title 'mapped'\n");
	fprintf(file, "set yrange [0:%.3f]\nset ylabel 'guest memory, MB'\nset cbrange [0:100]\n"
		"set cblabel '%% touched'\nunset key\n"
		"set palette defined (0 'white', 1 'light-blue', 30 'orange', 100 'dark-red')\n"
		"plot $heat using 1:2:3 with image pixels\nunset multiplot\n",
		report->ranges->bytes / MB);
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
